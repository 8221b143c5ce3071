"""Triage of tips in the Django admin, for district and province staff: a queue and one page for each tip."""

from tips.admin.answers import AnswerTemplateAdmin
from tips.admin.queue import TipAdmin
from tips.admin.rules import DeadlineRuleAdmin, RetentionRuleAdmin

__all__ = ["AnswerTemplateAdmin", "DeadlineRuleAdmin", "RetentionRuleAdmin", "TipAdmin"]
