"""Faces: photos to embeddings, embeddings to the campaign photo most like a face (METHODS section 6)."""

from engine.faces.gallery import analyse, model_id

__all__ = ["analyse", "model_id"]
