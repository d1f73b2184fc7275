"""The checks of a token: each looks at a ``Case`` and answers with a ``Check``; none raises, asks the clock or stops."""
