"""Members turns identifiers into members, and keeps each personal fact under that member's own key."""
