import sys,tempfile
from pathlib import Path
from tests.benchmarks.rounds import *
from tests.benchmarks.comparisons import PHASES, Phase
from tests.benchmarks.cores import choose_cores
which=[int(x) for x in sys.argv[1].split(',')]
import time
t=time.time()
with tempfile.TemporaryDirectory() as d:
    for s in samples_of([PHASES[i] for i in which],choose_cores(),Length(1,0.3),Path(d),lambda x: print(f"{time.time()-t:.1f} {x}",flush=True)):
        m=s.measures
        print("    ",{k:round(v,3) for k,v in m.items()})
