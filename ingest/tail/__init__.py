"""`newstap tail`: records as they arrive, out of files or Kafka, for people or as they are."""
