"""A kit of hostile inputs through the real entry point of each kind: what each became, how long it took, what it cost.

`kit` reads the kit, `replaying`, `serving` and `checking` run it as `newstap replay`, `run` and `check`, `watching`
measures the processes, `verdict` holds what happened against what the kit's index says, `report` prints both.
"""
