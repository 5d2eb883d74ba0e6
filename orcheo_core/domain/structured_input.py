"""Structured input: questions that a workflow asks, and what the visitor answers."""

from collections.abc import Mapping
from enum import StrEnum

from attrs import evolve

from orcheo_core.domain.item_base import ItemBase
from orcheo_core.domain.values import value


class InputStatus(StrEnum):
    """Where the questions stand; all but ``PENDING`` are final."""

    PENDING = "pending"
    ANSWERED = "answered"
    SKIPPED = "skipped"


@value(kw_only=True)
class QuestionAnswer:
    """What was answered to one question: texts, or nothing on purpose."""

    values: tuple[str, ...] = ()
    skipped: bool = False


@value(kw_only=True)
class Question:
    """One question: a choice among ``options``, or free text without options.

    ``multiple`` allows more than one option; ``description`` explains a question for free text.
    """

    id: str
    question: str
    options: tuple[str, ...] = ()
    multiple: bool = False
    description: str | None = None
    answer: QuestionAnswer | None = None

    def answered(self, given: QuestionAnswer | None) -> "Question":
        """With the visitor's answer; none, an empty or a skipped one counts as skipped, a single choice keeps one."""
        if given is None or given.skipped or not given.values:
            return evolve(self, answer=QuestionAnswer(skipped=True))
        keeps_one = self.options and not self.multiple
        return evolve(self, answer=QuestionAnswer(values=given.values[:1] if keeps_one else given.values))


@value(kw_only=True)
class StructuredInputItem(ItemBase):
    """Questions in a thread; the turn that asked them is over, the answer begins the next one."""

    questions: tuple[Question, ...]
    status: InputStatus = InputStatus.PENDING

    @property
    def is_pending(self) -> bool:
        """Whether the visitor has not answered yet."""
        return self.status is InputStatus.PENDING

    @property
    def questions_text(self) -> str:
        """The questions, each on a line."""
        return "\n".join(each.question for each in self.questions)

    @property
    def answers_text(self) -> str:
        """The visitor's answers as one would type them: one alone, several each behind its question."""
        given = [(each.question, ", ".join(each.answer.values)) for each in self.questions if each.answer]
        if len(self.questions) == 1:
            return "".join(answer for _, answer in given)
        return "\n".join(f"{question} {answer}" for question, answer in given if answer)

    def submitted(self, status: InputStatus, answers: Mapping[str, QuestionAnswer]) -> "StructuredInputItem":
        """With the visitor's answers by question id; ids that were not asked for are left out."""
        given = answers if status is InputStatus.ANSWERED else {}
        questions = tuple(each.answered(given.get(each.id)) for each in self.questions)
        return evolve(self, questions=questions, status=status)

    def waiting(self) -> "StructuredInputItem":
        """As it was before the visitor answered."""
        questions = tuple(evolve(each, answer=None) for each in self.questions)
        return evolve(self, questions=questions, status=InputStatus.PENDING)
