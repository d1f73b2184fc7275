"""Files to records: found, decompressed, freed of their envelopes, cut around hits."""
