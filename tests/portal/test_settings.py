"""The settings module reads the environment strictly."""

from django.conf import settings


def test_settings_of_test_run_use_vietnamese_and_local_time():
    assert (settings.LANGUAGE_CODE, settings.TIME_ZONE) == ("vi", "Asia/Ho_Chi_Minh")
