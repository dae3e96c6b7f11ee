"""Viewers who play while processes and stores die, and an auditor who compares what they were told.

`stage` fills a site, `house` runs and kills its processes, `viewers` play over HTTP and write the `ledger`,
`auditor` holds MongoDB and the API against it. None of them asks the site's own code what is right: the
auditor knows docs/api.md. Used by `tests/test_chaos.py`, short, and `python -m benchmarks.chaos`, long.
"""
