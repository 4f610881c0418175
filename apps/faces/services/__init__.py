"""Writing down faces: keys, templates, challenges with their pictures, and judgements."""
