"""The runner ``agent``: a target is the agent object of a framework, or a function that makes one."""
