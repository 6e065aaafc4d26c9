"""Tests of rehearsals: the outcomes of whole deployments, and the judgement itself."""
