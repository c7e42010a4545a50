"""One YAML per task; every value is a setting of `a2d.config.TrainConfig`."""
