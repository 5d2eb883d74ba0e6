"""AG-UI, the protocol between agents and user interfaces: how its runs become ours.

:class:`~orcheo_adapters.runners.agui.exchange.Exchange` is the way in for a runner: what an agent is asked, and what
its events mean. Nothing here imports the protocol's packages.
"""
