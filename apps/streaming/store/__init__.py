"""What the durable Redis holds of playback, as verbs. Names of keys live here."""
