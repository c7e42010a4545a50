"""A driving scenario as a gymnasium environment with an asymmetric observation: reset and step."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from driving import features
from driving.contact import time_to_collision
from driving.control import command
from driving.measures import Measures
from driving.outcome import TERMINAL, Ending, ending
from driving.reward import REWARDS
from driving.scripts import SCRIPTS
from driving.servers import serving
from driving.session import Session
from driving.snapshot import Snapshot
from driving.validity import deviation
from scenarios.catalogue import SCENARIOS, episodes_of, suites_of
from sensors.camera import CameraSpec
from sensors.dashcam import Overlay, draw_overlay

CONTROL_HZ = 10
MAX_STEPS = 200
STANDARD_TABLE = ("child_crossing",)  # scenarios whose expert reads `features.STATE`; the others read WIDE

Observation = dict[str, NDArray[Any]]


class DrivingEnv(gymnasium.Env[dict[str, Any], NDArray[np.float32]]):
    """A drive past a van with or without a child behind it, or another scenario of the catalogue.

    Observation: `state` float32 (S,), privileged, in the order of `driving.features.STATE` or, in all
    scenarios but the child crossing, of `driving.features.WIDE`; `image`
    uint8 (3 * frames, H, W), the front camera's last frames, newest last; `telemetry` float32 (P,) in
    the order of `driving.features.TELEMETRY`.
    Action: steer and throttle (> 0) or brake (< 0), each in [-1, 1]; held for 0.1 s.
    The last step's info carries `outcome` and the measures of `driving.outcome.Measures`.
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
        frames: int = 2,
        reward: str = "default",
        scripted_expert: str | None = None,
        pixels: bool = False,
        render_mode: str | None = None,
        dashcam_width: int = 800,
        dashcam_height: int = 450,
    ) -> None:
        """Describe the world; the server is started or joined at the first reset.

        Args:
            suite: Which episodes `reset(seed=...)` draws; a name of `catalogue.suites_of(scenario)`.
            scenario: A name of `scenarios.catalogue.SCENARIOS`.
            server: `embedded` or `HOST:PORT`.
            image_width: Of the trainee's camera; pixels.
            image_height: Of the trainee's camera; pixels.
            fov: Of the trainee's camera, horizontal; degrees.
            frames: How many frames `image` stacks.
            reward: A name of `driving.reward.REWARDS`.
            scripted_expert: A name of `driving.scripts.SCRIPTS[scenario]` whose action for each observation
                `info["expert_action"]` gives.
            pixels: Look for the first pixel of a child with an instance camera; the record tells it.
            render_mode: `rgb_array` for a dashcam.
            dashcam_width: Pixels.
            dashcam_height: Pixels.

        Raises:
            ValueError: An argument is none of its choices.
        """
        _choose("scenario", scenario, SCENARIOS)
        _choose("suite", suite, suites_of(scenario))
        _choose("reward", reward, REWARDS)
        _choose("render_mode", render_mode, ("rgb_array", None))
        _choose("scripted_expert", scripted_expert, (*SCRIPTS[scenario], None))
        if not 1 <= frames <= 8:
            raise ValueError(f"frames is 1 to 8, got {frames}")
        self.scenario, self.suite, self.render_mode = scenario, suite, render_mode
        self._episodes = episodes_of(scenario, suite)
        self._table = features.STATE if scenario in STANDARD_TABLE else features.WIDE
        self._pixels = pixels
        self._server, self._frames = server, frames
        self._reward = REWARDS[reward]
        self._expert = None if scripted_expert is None else SCRIPTS[scenario][scripted_expert]
        front = CameraSpec(
            width=image_width, height=image_height, fov=fov, forward=1.2, up=1.45, name="front"
        )
        self._cameras: tuple[CameraSpec, ...] = (front,)
        if render_mode is not None:
            dashcam = CameraSpec(
                width=dashcam_width, height=dashcam_height, fov=80.0, forward=1.2, up=1.45, name="dashcam"
            )
            self._cameras = (front, dashcam)
        self.observation_space = _observation_space(len(self._table), (3 * frames, image_height, image_width))
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (2,), np.float32)
        self._resources = contextlib.ExitStack()
        self._session: Session | None = None
        self._images = np.zeros((3 * frames, image_height, image_width), np.uint8)

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
        self._now = self._open_session().begin(self._episodes.draw(episode))
        self._measures = Measures(self._now)
        self._steps = 0
        self._ending = Ending(None)
        self._invalid = deviation(self._now)
        image = self._front_image()
        self._images[:] = np.tile(image, (self._frames, 1, 1))
        return self._observation(), {"seed": episode, **self._expert_info()}

    def step(self, action: NDArray[np.float32]) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Hold an action for one tick."""
        if self._session is None or self._ending.outcome is not None:
            raise gymnasium.error.ResetNeeded("the episode is over: call reset() before step()")
        before = self._now
        told = command(action, steer_authority=before.drive.steer_authority)
        pedal = told.throttle - told.brake
        self._now = self._session.advance(told, steer=float(np.clip(action[0], -1, 1)), pedal=pedal)
        self._steps += 1
        self._ending = ending(before, self._now)
        struck = (self._ending.outcome or "").startswith("hit")
        self._measures.add(self._now, pixels=self._session.children_pixels(), struck=struck)
        if self._ending.outcome is None:  # what the car does to the target is no fault of the procedure
            self._invalid = self._invalid or deviation(self._now, before, self._session.walked)
        if self._ending.outcome is None and self._steps >= MAX_STEPS:
            self._ending = Ending("timeout")
        outcome = self._ending.outcome
        terms = self._reward(before, self._now, outcome)
        self._images[:-3] = self._images[3:].copy()
        self._images[-3:] = self._front_image()
        info = self._expert_info()
        if outcome is not None:
            info |= self._ending_info(terms)
        truncated = outcome == "timeout"
        return self._observation(), float(sum(terms.values())), outcome in TERMINAL, truncated, info

    def render(self) -> NDArray[np.uint8] | None:  # type: ignore[override]
        """The dashcam's picture of this instant with its overlay; RGB (H, W, 3)."""
        if self.render_mode is None or self._session is None:
            return None
        return draw_overlay(self._session.image("dashcam"), self._overlay(self._now))

    def close(self) -> None:
        """Leave the server, and stop it if it is ours."""
        self._session = None
        self._resources.close()

    def _open_session(self) -> Session:
        if self._session is None:
            endpoint = self._resources.enter_context(serving(self._server))
            self._session = Session(
                endpoint,
                self._episodes,
                delta=1.0 / CONTROL_HZ,
                cameras=self._cameras,
                instances=self._pixels,
            )
            self._resources.callback(self._session.close)
        return self._session

    def _front_image(self) -> NDArray[np.uint8]:
        """The front camera's newest picture; (3, H, W)."""
        return self._open_session().image("front").transpose(2, 0, 1)

    def _observation(self) -> Observation:
        return {
            "state": features.state(self._now, self._table),
            "image": self._images.copy(),
            "telemetry": features.telemetry(self._now),
        }

    def _expert_info(self) -> dict[str, Any]:
        return {} if self._expert is None else {"expert_action": self._expert(self._now)}

    def _ending_info(self, terms: dict[str, float]) -> dict[str, Any]:
        ended = self._ending
        return {
            # a run outside the procedure's tolerances says nothing about the driver
            "outcome": "invalid_run" if self._invalid else ended.outcome,
            "invalid": self._invalid,
            "scenario": self.scenario,
            "impact_speed": ended.impact_speed,
            "impact_location": ended.impact_location,
            **self._episodes.judged(
                self._now.drive.seed,
                impact_speed=ended.impact_speed,
                hit=bool(ended.outcome and ended.outcome.startswith("hit")),
                hardest_braking=self._measures.hardest_braking,
            ),
            **self._measures.record(ended.outcome),
            **{f"last_reward_{name}": value for name, value in terms.items()},
        }

    def _overlay(self, now: Snapshot) -> Overlay:
        oncoming = now.traffic[: len(now.drive.oncoming)]
        ttc = min((time_to_collision(now.ego, body) for body in (*now.children, *oncoming)), default=math.inf)
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


def _observation_space(state: int, image: tuple[int, int, int]) -> gymnasium.spaces.Dict:
    return gymnasium.spaces.Dict(
        {
            "state": _vector_space(state),
            "image": gymnasium.spaces.Box(0, 255, image, np.uint8),
            "telemetry": _vector_space(len(features.TELEMETRY)),
        }
    )


def _vector_space(size: int) -> gymnasium.spaces.Box:
    return gymnasium.spaces.Box(-features.LIMIT, features.LIMIT, (size,), np.float32)


def _choose(name: str, value: Any, choices: Any) -> None:
    if value not in choices:
        listed = ", ".join(str(choice) for choice in choices)
        raise ValueError(f"unknown {name} {value!r}; choose one of: {listed}")
