"""Where documents come from: archives today, feeds and Kafka by the same contract (`base.py`)."""
