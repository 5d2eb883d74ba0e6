"""A program of DSPy with a place for the history."""

import dspy

dspy.configure(lm=dspy.LM("openai/fake", cache=False), track_usage=True)
agent = dspy.Predict("question, history: dspy.History -> answer")
