"""Planes through data of many features, one after another."""

from dataclasses import replace

from core.analysis.planes import PlaneChoice, next_plane, ranked_features
from core.config.run_config import RunConfig
from core.datasets.prepare import prepare


def test_all_pairs_of_the_best_features_follow_the_principal_components() -> None:
    data = prepare(RunConfig(dataset="iris", samples=None))
    plane, seen = PlaneChoice(), list[PlaneChoice]()
    while not seen or plane != PlaneChoice():
        # the sample that fixes the other features does not change the order
        plane = next_plane(data, replace(plane, held=3))
        seen.append(plane)
    assert [(each.across, each.up) for each in seen[:2]] == [
        (ranked_features(data)[0], other) for other in ranked_features(data)[1:3]
    ]
    assert len({*seen}) == len(seen) == 7
