"""python -m vipps_simulator"""

import argparse
import asyncio
import json
import logging
import signal
import sys

from aiohttp import web

from . import seed
from .app import Simulator


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="vipps_simulator", description="Stands in for Vipps MobilePay's test API.")
    parser.add_argument("--port", type=int, default=8090, help="0 picks a free one (default 8090)")
    parser.add_argument("--host", default="127.0.0.1", help="keep it on loopback: /control has no sign-in")
    parser.add_argument("--seed-file", help="JSON with salesUnits, keySets and customers")
    parser.add_argument("--state-dir", help="folder that keeps the state across restarts")
    parser.add_argument("--print-seed", action="store_true", help="print the seed as JSON and end")
    return parser.parse_args()


async def serve(simulator: Simulator, host: str, port: int) -> None:
    runner = web.AppRunner(simulator.app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=512).start()
        shown = f"[{host}]" if ":" in host else host
        print(f"vipps-simulator ready on http://{shown}:{runner.addresses[0][1]}", flush=True)
        stopped = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stopped.set)
        await stopped.wait()
        simulator.pages.close()
    finally:
        await runner.cleanup()


def main() -> int:
    wishes = arguments()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        start = seed.from_file(wishes.seed_file) if wishes.seed_file else seed.built_in()
        if wishes.print_seed:
            print(json.dumps(start.to_json(), indent=2, ensure_ascii=False))
            return 0

        async def run() -> None:
            await serve(Simulator(start, wishes.state_dir), wishes.host, wishes.port)

        asyncio.run(run())
    except seed.SeedError as error:
        print(f"vipps-simulator: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"vipps-simulator: cannot listen on {wishes.host}:{wishes.port}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
