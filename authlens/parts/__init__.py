"""Reads sources part by part and observes the parts, in this process or in several; the sum is the same."""
