"""A Beam worker process that keeps its own chatter to itself.

Started by `pipelines.runner` in place of `apache_beam.runners.worker.sdk_worker_main`, which is what it runs. Records
of warnings and errors still reach the driver, over Beam's logging service.
"""

import logging
import signal
import sys

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is for the driver, which ends its workers
    logging.getLogger().addHandler(logging.NullHandler())  # before Beam: its first record would set up printing
    from apache_beam.runners.worker import sdk_worker_main

    sdk_worker_main.main(sys.argv)
