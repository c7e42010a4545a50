"""A driving scenario as a gymnasium environment with an asymmetric observation: reset and step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import cv2
import gymnasium
import numpy as np
from numpy.typing import NDArray

from driving import features
from driving.contact import soonest_collision
from driving.control import command
from driving.endpoint import Endpoint
from driving.errors import ServerLost
from driving.measures import Measures
from driving.outcome import TERMINAL, Ending, ending, is_hit
from driving.reward import REWARDS
from driving.scripts import SCRIPTS
from driving.servers import CARLA_IMAGE, server_named
from driving.session import Session
from driving.snapshot import Snapshot
from driving.supervision import Limits, Supervisor
from driving.validity import deviation
from scenarios.catalogue import SCENARIOS, episodes_of, suites_of
from sensors.camera import CameraSpec
from sensors.dashcam import Overlay, draw_overlay

CONTROL_HZ = 10
MAX_STEPS = 200
NOT_BEGUN = "not begun"
RESTARTED = "server_restarted"  # the outcome of an episode that a fault of the server ended
STANDARD_TABLE = ("child_crossing",)  # scenarios whose expert reads `features.STATE`; the others read WIDE

Observation = dict[str, NDArray[Any]]


class DrivingEnv(gymnasium.Env[dict[str, Any], NDArray[np.float32]]):
    """A drive past a van with or without a child behind it, or another scenario of the catalogue.

    Observation: `state` float32 (S,), privileged, in the order of `driving.features.STATE` or, in all
    scenarios but the child crossing, of `driving.features.WIDE`; `image`
    uint8 (C, H, W), the front camera's last frames, newest last, of three channels each or of one (`colour`);
    `telemetry` float32 (P,) in the order of `driving.features.TELEMETRY`; `exogenous` float32 (E,), for the
    critic alone, in the order of `driving.features.EXOGENOUS`.
    Action: steer and throttle (> 0) or brake (< 0), each in [-1, 1]; held for 0.1 s.
    The last step's info carries `outcome` and the measures of `driving.measures.Measures`. Where
    the server failed, the episode is cut short (truncated) with the outcome `server_restarted`, its last
    observation again and no reward; the next reset begins on another server.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": CONTROL_HZ}  # noqa: RUF012 (as gymnasium.Env declares it)

    def __init__(
        self,
        suite: str = "train",
        *,
        scenario: str = "child_crossing",
        server: str = "embedded",
        image_width: int = 96,
        image_height: int = 48,
        fov: float = 80.0,
        camera_forward: float = 1.2,
        camera_up: float = 1.45,
        exposure: float = 11.0,
        colour: str = "all",
        frames: int = 2,
        frame_gap: int = 1,
        reward: str = "default",
        scripted_expert: str | None = None,
        pixels: bool = False,
        render_mode: str | None = None,
        dashcam_width: int = 800,
        dashcam_height: int = 450,
        server_image: str = CARLA_IMAGE,
        limits: Mapping[str, float] | None = None,
    ) -> None:
        """Describe the world; the server is started or joined at the first reset.

        Args:
            suite: Which episodes `reset(seed=...)` draws; a name of `catalogue.suites_of(scenario)`.
            scenario: A name of `scenarios.catalogue.SCENARIOS`.
            server: `embedded`, `docker`, `docker@ADAPTER` or `HOST:PORT`; see `driving.servers`.
            image_width: Of the trainee's camera; pixels.
            image_height: Of the trainee's camera; pixels.
            fov: Of the trainee's camera, horizontal; degrees.
            camera_forward: Where it is, ahead of the car's middle; m.
            camera_up: Where it is, above the ground; m.
            exposure: Of all cameras, EV at ISO 100: a day needs more, a night less. The embedded server's
                pictures do not depend on it.
            colour: Which frames of `image` have it: `all`, the `newest`, or `none`; the others are brightness
                alone (ITU-R BT.601).
            frames: How many frames `image` stacks.
            frame_gap: Steps between them: what was seen once stays in the picture for longer.
            reward: A name of `driving.reward.REWARDS`.
            scripted_expert: A name of `driving.scripts.SCRIPTS[scenario]` whose action for each observation
                `info["expert_action"]` gives.
            pixels: Look for the first pixel of a child with an instance camera; the record tells it.
            render_mode: `rgb_array` for a dashcam.
            dashcam_width: Pixels.
            dashcam_height: Pixels.
            server_image: What a container runs.
            limits: What the server is allowed before it is restarted; names of `driving.supervision.Limits`.

        Raises:
            ValueError: An argument is none of its choices.
            DrivingError: `server` names none.
        """
        _choose("scenario", scenario, SCENARIOS)
        _choose("suite", suite, suites_of(scenario))
        _choose("reward", reward, REWARDS)
        coloured = {"all": frames, "newest": 1, "none": 0}  # how many of the frames are
        _choose("colour", colour, coloured)
        _choose("render_mode", render_mode, ("rgb_array", None))
        _choose("scripted_expert", scripted_expert, (*SCRIPTS[scenario], None))
        if not 1 <= frames <= 8:
            raise ValueError(f"frames is 1 to 8, got {frames}")
        if not 1 <= frame_gap <= 20:
            raise ValueError(f"frame_gap is 1 to 20 steps, got {frame_gap}")
        self.scenario, self.suite, self.render_mode = scenario, suite, render_mode
        self._episodes = episodes_of(scenario, suite)
        self._table = features.STATE if scenario in STANDARD_TABLE else features.WIDE
        self._pixels, self._frame_gap = pixels, frame_gap
        self._reward = REWARDS[reward]
        self._expert = None if scripted_expert is None else SCRIPTS[scenario][scripted_expert]
        front = CameraSpec(
            width=image_width,
            height=image_height,
            fov=fov,
            forward=camera_forward,
            up=camera_up,
            exposure=exposure,
            name="front",
        )
        self._cameras: tuple[CameraSpec, ...] = (front,)
        if render_mode is not None:
            dashcam = CameraSpec(
                width=dashcam_width,
                height=dashcam_height,
                fov=80.0,
                forward=1.2,
                up=1.45,
                exposure=exposure,
                name="dashcam",
            )
            self._cameras = (front, dashcam)
        self._grey = frames - coloured[colour]  # how many of the older frames have no colour
        image = (3 * frames - 2 * self._grey, image_height, image_width)
        self.observation_space = _observation_space(len(self._table), image)
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (2,), np.float32)
        self._limits = Limits.of(limits)
        named = server_named(server, start_limit=self._limits.start, image=server_image)
        self._supervisor = Supervisor(named, self._open_session, limits=self._limits)
        self._ending = Ending(NOT_BEGUN)  # its outcome is None while an episode goes on
        self._picture = np.zeros((dashcam_height, dashcam_width, 3), np.uint8)  # the dashcam's last
        lasting = (frames - 1) * frame_gap + 1
        self._images = np.zeros((lasting, 3, image_height, image_width), np.uint8)  # newest last

    @property
    def faults(self) -> dict[str, int]:
        """How often the server was restarted, by cause; of `driving.supervision.CAUSES`."""
        return dict(self._supervisor.restarts)

    @property
    def snapshot(self) -> Snapshot:
        """The present instant, for scripted drivers; valid after the first reset."""
        return self._now

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin the episode of a seed; without one, of a seed drawn from this environment's own stream."""
        super().reset(seed=seed)
        episode = int(self.np_random.integers(2**31)) if seed is None else seed
        drive = self._episodes.draw(episode)
        self._now, image = self._supervisor.begin(lambda session: (session.begin(drive), _front(session)))
        self._measures = Measures(self._now)
        self._steps = 0
        self._ending = Ending(None)
        self._invalid, self._doubt = deviation(self._now), ""
        self._images[:] = image
        return self._observation(), {"seed": episode, **self._expert_info()}

    def step(self, action: NDArray[np.float32]) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Hold an action for one tick."""
        if self._ending.outcome is not None:
            raise gymnasium.error.ResetNeeded("the episode is over: call reset() before step()")
        before = self._now
        try:
            self._now, image, pixels, walked = self._supervisor.call(partial(_advance, action, before))
        except ServerLost as lost:
            return self._cut_short(lost)
        self._steps += 1
        self._ending = ending(before, self._now)
        struck = is_hit(self._ending.outcome)
        self._measures.add(self._now, pixels=pixels, struck=struck)
        if not struck:  # a target that is touched now may have been in the car's way a step ago: no fault
            self._invalid = self._invalid or self._doubt
        if self._ending.outcome is None:
            self._doubt = deviation(self._now, before, walked)
        if self._ending.outcome is None and self._steps >= MAX_STEPS:
            self._ending = Ending("timeout")
        outcome = self._ending.outcome
        terms = self._reward(before, self._now, outcome)
        self._images[:-1] = self._images[1:].copy()
        self._images[-1] = image
        info = self._expert_info()
        if outcome is not None:
            self._supervisor.finish()
            info |= self._ending_info({f"last_reward_{name}": value for name, value in terms.items()})
        truncated = outcome == "timeout"
        return self._observation(), float(sum(terms.values())), outcome in TERMINAL, truncated, info

    def render(self) -> NDArray[np.uint8] | None:  # type: ignore[override]
        """The dashcam's picture of this instant with its overlay; RGB (H, W, 3)."""
        if self.render_mode is None or self._ending.outcome == NOT_BEGUN:
            return None
        if self._ending.outcome != RESTARTED:
            try:
                picture = self._supervisor.call(lambda session: session.image("dashcam"))
            except ServerLost:
                return self._picture
            self._picture = draw_overlay(picture, self._overlay(self._now))
        return self._picture

    def close(self) -> None:
        """Leave the server, and stop it if it is ours."""
        self._ending = Ending(NOT_BEGUN)
        self._supervisor.close()

    def _open_session(self, endpoint: Endpoint) -> Session:
        return Session(
            endpoint,
            self._episodes,
            delta=1.0 / CONTROL_HZ,
            cameras=self._cameras,
            instances=self._pixels,
            patience=max(self._limits.tick, self._limits.begin),
        )

    def _cut_short(self, lost: ServerLost) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """End the episode without blame: what the last step gave once more, no reward, no death."""
        self._ending = Ending(RESTARTED)
        info = {**self._expert_info(), **self._ending_info({}), "restart_cause": lost.cause}
        return self._observation(), 0.0, False, True, info

    def _observation(self) -> Observation:
        return {
            "state": features.state(self._now, self._table),
            "image": self._stack(),
            "telemetry": features.telemetry(self._now),
            "exogenous": features.exogenous(self._now),
        }

    def _stack(self) -> NDArray[np.uint8]:
        """The frames as the trainee sees them, (C, H, W)."""
        frames = self._images[:: self._frame_gap]
        return np.concatenate((*map(_brightness, frames[: self._grey]), *frames[self._grey :]))

    def _expert_info(self) -> dict[str, Any]:
        return {} if self._expert is None else {"expert_action": self._expert(self._now)}

    def _ending_info(self, terms: dict[str, float]) -> dict[str, Any]:
        ended = self._ending
        return {
            # a run outside the procedure's tolerances says nothing about the driver
            "outcome": "invalid_run" if self._invalid and ended.outcome != RESTARTED else ended.outcome,
            "invalid": self._invalid,
            "scenario": self.scenario,
            "impact_speed": ended.impact_speed,
            "impact_location": ended.impact_location,
            **self._episodes.judged(
                self._now.drive.seed,
                impact_speed=ended.impact_speed,
                hit=is_hit(ended.outcome),
                left_lane=ended.outcome == "left_lane",
                hardest_braking=self._measures.hardest_braking,
            ),
            **self._measures.record(ended.outcome),
            **terms,
        }

    def _overlay(self, now: Snapshot) -> Overlay:
        ttc = soonest_collision(now)
        return Overlay(
            speed=now.ego.speed,
            speed_limit=now.speed_limit,
            steer=now.steer,
            throttle=max(now.pedal, 0.0),
            brake=max(-now.pedal, 0.0),
            time_to_collision=ttc if math.isfinite(ttc) else None,
            time=now.time,
            outcome=self._ending.outcome,
            impact_speed=self._ending.impact_speed,
            caption=f"{self.suite} seed {now.drive.seed}",
        )


def _advance(
    action: NDArray[np.float32], before: Snapshot, session: Session
) -> tuple[Snapshot, NDArray[np.uint8], int | None, Callable[[int], float | None]]:
    """One tick: the instant after it, the front picture, the child's pixels in it, and where walkers are."""
    told = command(action, steer_authority=before.drive.steer_authority)
    steer, pedal = float(np.clip(action[0], -1, 1)), told.throttle - told.brake
    now = session.advance(told, steer=steer, pedal=pedal)
    return now, _front(session), session.children_pixels(), session.walked


def _front(session: Session) -> NDArray[np.uint8]:
    """The front camera's newest picture; (3, H, W)."""
    return session.image("front").transpose(2, 0, 1)


def _brightness(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A frame (3, H, W) without its colour, (1, H, W)."""
    colours = np.ascontiguousarray(frame.transpose(1, 2, 0))
    return np.asarray(cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY), np.uint8)[np.newaxis]


def _observation_space(state: int, image: tuple[int, int, int]) -> gymnasium.spaces.Dict:
    return gymnasium.spaces.Dict(
        {
            "state": _vector_space(state),
            "image": gymnasium.spaces.Box(0, 255, image, np.uint8),
            "telemetry": _vector_space(len(features.TELEMETRY)),
            "exogenous": _vector_space(len(features.EXOGENOUS)),
        }
    )


def _vector_space(size: int) -> gymnasium.spaces.Box:
    return gymnasium.spaces.Box(-features.LIMIT, features.LIMIT, (size,), np.float32)


def _choose(name: str, value: Any, choices: Any) -> None:
    if value not in choices:
        listed = ", ".join(str(choice) for choice in choices)
        raise ValueError(f"unknown {name} {value!r}; choose one of: {listed}")
