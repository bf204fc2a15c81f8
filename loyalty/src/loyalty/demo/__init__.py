"""The main job, shown: real purchases through a real broker and a real PostgreSQL, and checked."""
