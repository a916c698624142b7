"""The figures that this project promises, measured next to what people would use instead: ``make bench``.

Nothing is asserted here: a noisy machine must not fail a build, and a figure that misses its goal is shown as it is.
How it is measured, and why so, is decision 22.
"""
