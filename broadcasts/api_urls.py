"""Addresses of the sending API, below ``/api/v1/``."""

from rest_framework.routers import SimpleRouter

from broadcasts.api import BroadcastViewSet, DeliveryViewSet

router = SimpleRouter()
router.register("broadcasts", BroadcastViewSet, basename="broadcast")
router.register("deliveries", DeliveryViewSet, basename="delivery")

urlpatterns = router.urls
