"""The node's commands on the database of a chain, named as people type it: relative to where they are."""

import json
import shutil

import pytest

from field import wait_until
from programs import Node


@pytest.fixture(scope="module")
def kept(folder):
    """A node that made some blocks, and was stopped."""
    (folder / "kept").mkdir()
    node = Node(folder / "kept", 1_500)
    node.start_at("--base-path", "data")
    wait_until(lambda: node.finalised() >= 3, 60, f"no third final block; log: {node.log}")
    node.stop()
    return node


def chain_info(node, data):
    return json.loads(node.run("chain-info", "--chain", node.spec, "--base-path", data))


def test_compiled_runtime_is_kept_when_the_base_path_is_relative(kept):
    assert any(file.is_file() for file in (kept.folder / "data" / "compiled-runtimes").rglob("*"))
    assert "wasmtime cache" not in kept.log.read_text()


def test_exported_blocks_are_imported_into_another_database(kept):
    kept.run("export-blocks", "--chain", kept.spec, "--base-path", "data", "--binary", "blocks.bin")
    # Compiling the runtime takes longer than all the rest.
    shutil.copytree(kept.folder / "data" / "compiled-runtimes", kept.folder / "copy" / "compiled-runtimes")
    kept.run("import-blocks", "--chain", kept.spec, "--base-path", "copy", "--binary", "blocks.bin")
    original, copy = chain_info(kept, "data"), chain_info(kept, "copy")
    assert copy["best_hash"] == original["best_hash"]
    assert copy["best_number"] == original["best_number"] >= 3


def test_block_is_checked_again_by_its_number(kept):
    kept.run("check-block", "2", "--chain", kept.spec, "--base-path", "data")


def test_state_of_a_block_is_exported_as_a_spec(kept):
    spec = json.loads(kept.run("export-state", "--chain", kept.spec, "--base-path", "data", "2"))
    assert spec["id"] == json.loads(kept.spec.read_text())["id"]
    assert len(spec["genesis"]["raw"]["top"]) > 50


def test_reverted_chain_ends_at_a_final_block(kept):
    before = chain_info(kept, "data")
    kept.run("revert", "--chain", kept.spec, "--base-path", "data", "100")
    after = chain_info(kept, "data")
    assert after["best_number"] == after["finalized_number"] == before["finalized_number"]


def test_no_command_says_that_a_task_failed(kept):
    kept.run("export-blocks", "--chain", kept.spec, "--base-path", "data", "again.bin", "--binary")
    said = (kept.folder / "commands.log").read_text()
    assert "failed" not in said, said
