"""The attributes of CARLA 0.9.16's sensors, with its defaults."""

from __future__ import annotations

from collections.abc import Mapping

from driving.server.attributes import BOOL, INT, STRING, Attribute, floats

PLACES = ("front", "back", "left", "right", "front_left", "front_right", "back_left", "back_right")
"""What CARLA recommends as role_name of a sensor that is named by its place on the car."""

_TICK = floats(sensor_tick=0.0)
_SEED = (Attribute("noise_seed", INT, "0"),)
_CAMERA = (
    Attribute("image_size_x", INT, "800"),
    Attribute("image_size_y", INT, "600"),
    *_TICK,
    *floats(fov=90.0, lens_circle_falloff=5.0, lens_circle_multiplier=0.0, lens_k=-1.0, lens_kcube=0.0),
    *floats(lens_x_size=0.08, lens_y_size=0.08),
)
# Without effect but for gamma, exposure_compensation and, with manual exposure, shutter_speed, iso and fstop.
_PHOTOGRAPHY = (
    Attribute("enable_postprocess_effects", BOOL, "true"),
    Attribute("exposure_mode", STRING, "histogram", ("histogram", "manual")),
    *floats(gamma=2.2, motion_blur_intensity=0.45, motion_blur_max_distortion=0.35),
    *floats(motion_blur_min_object_screen_size=0.1, lens_flare_intensity=0.1, bloom_intensity=0.675),
    *floats(exposure_compensation=0.0, shutter_speed=200.0, iso=100.0, fstop=1.4, min_fstop=1.2),
    *floats(exposure_min_bright=10.0, exposure_max_bright=12.0, exposure_speed_up=3.0),
    *floats(exposure_speed_down=1.0, calibration_constant=16.0, focal_distance=1000.0, blur_amount=1.0),
    *floats(blur_radius=0.0, slope=0.88, toe=0.55, shoulder=0.26, black_clip=0.0, white_clip=0.04),
    *floats(temp=6500.0, tint=0.0, chromatic_aberration_intensity=0.0, chromatic_aberration_offset=0.0),
    Attribute("blade_count", INT, "5"),
)
_EVENTS = (
    *floats(positive_threshold=0.3, negative_threshold=0.3, log_eps=0.001),
    *floats(sigma_positive_threshold=0.0, sigma_negative_threshold=0.0),
    Attribute("refractory_period_ns", INT, "0"),
    Attribute("use_log", BOOL, "true"),
)
_IMU = (
    *floats(noise_accel_stddev_x=0.0, noise_accel_stddev_y=0.0, noise_accel_stddev_z=0.0),
    *floats(noise_gyro_stddev_x=0.0, noise_gyro_stddev_y=0.0, noise_gyro_stddev_z=0.0),
    *floats(noise_gyro_bias_x=0.0, noise_gyro_bias_y=0.0, noise_gyro_bias_z=0.0),
)
_GNSS = (
    *floats(noise_lat_stddev=0.0, noise_lon_stddev=0.0, noise_alt_stddev=0.0),
    *floats(noise_lat_bias=0.0, noise_lon_bias=0.0, noise_alt_bias=0.0),
)
_SCAN = (
    Attribute("channels", INT, "32"),
    Attribute("points_per_second", INT, "56000"),
    *_TICK,
    *floats(range=10.0, rotation_frequency=10.0, upper_fov=10.0, lower_fov=-30.0, horizontal_fov=360.0),
)
_ECHO = floats(
    atmosphere_attenuation_rate=0.004,
    dropoff_general_rate=0.45,
    dropoff_intensity_limit=0.8,
    dropoff_zero_intensity=0.4,
    noise_stddev=0.0,
)
_BEAM = (
    *floats(horizontal_fov=30.0, vertical_fov=30.0, range=100.0),
    Attribute("points_per_second", INT, "1500"),
)
_BALL = (
    *floats(distance=5.0, hit_radius=0.5),
    Attribute("only_dynamics", BOOL, "false"),
    Attribute("debug_linetrace", BOOL, "false"),
)

SENSORS: Mapping[str, tuple[Attribute, ...]] = {
    "sensor.camera.rgb": (*_CAMERA, *_PHOTOGRAPHY),
    "sensor.camera.depth": _CAMERA,
    "sensor.camera.semantic_segmentation": _CAMERA,
    "sensor.camera.instance_segmentation": _CAMERA,
    "sensor.camera.normals": _CAMERA,
    "sensor.camera.optical_flow": _CAMERA,
    "sensor.camera.dvs": (*_CAMERA, *_PHOTOGRAPHY, *_EVENTS),
    "sensor.other.collision": (),
    "sensor.other.lane_invasion": (),
    "sensor.other.imu": (*_SEED, *_TICK, *_IMU),
    "sensor.other.gnss": (*_SEED, *_TICK, *_GNSS),
    "sensor.other.radar": (*_SEED, *_TICK, *_BEAM),
    "sensor.other.obstacle": (*_TICK, *_BALL),
    "sensor.lidar.ray_cast": (*_SEED, *_SCAN, *_ECHO),
    "sensor.lidar.ray_cast_semantic": _SCAN,
}


def placed(sensor: str) -> bool:
    """Whether CARLA names a sensor by its place; GNSS, IMU and radar it does not."""
    return not sensor.endswith((".gnss", ".imu", ".radar"))
