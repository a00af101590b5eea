"""Hot loops, one folder each: naive.py is the specification, numba_cpu.py and triton_gpu.py must equal it."""

from corpus.kernels.cache_folder import provide_cache_folder

provide_cache_folder()
