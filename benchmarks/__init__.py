"""How fast Wheatear is, as ratios against the engine's own limit and against peers, in one run.

    uv run --group engines python -m benchmarks            # all that the machine's servers allow
    uv run --group engines python -m benchmarks startup    # one of them

Servers are found as the tests find them: WHEATEAR_TEST_POSTGRESQL and WHEATEAR_TEST_MYSQL.
Timings are noisy: each figure is a median of rounds that alternate between the contestants, so that
what slows the machine slows all of them.
"""
