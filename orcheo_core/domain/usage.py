"""What runs use of language models."""

from orcheo_core.domain.values import value


@value(kw_only=True)
class Usage:
    """What a run has used of a language model, in that model's own units of text."""

    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
        )
