from typing import Any

import numpy as np
from numpy.typing import NDArray

def inpaint_biharmonic(
    image: NDArray[Any],
    mask: NDArray[np.bool_],
    *,
    split_into_regions: bool = False,
    channel_axis: int | None = None,
) -> NDArray[np.float64]: ...
