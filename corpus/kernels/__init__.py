"""Hot loops, one folder each: naive.py is the specification, numba_cpu.py and triton_gpu.py must equal it."""
