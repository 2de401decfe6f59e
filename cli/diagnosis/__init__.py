"""What ``qualwatch doctor`` looks at: an installation, part by part, and what to do where a part fails.

``model`` says what a diagnosis is, ``kept`` looks at what is on this machine, ``watched`` at what is known of
the work, ``reached`` at what answers over the network. A check is a function of the installation that gives
diagnoses; ``examination`` lists them.
"""
