# Larmor as a Spack package, from the packed file of a clone, which lies in the folder where spack is started:
#
#     npm ci --ignore-scripts && npm pack
#     spack repo create sites && cp -r recipes/spack/larmor sites/packages/ && spack repo add sites
#     spack install --no-checksum larmor
#
# Without a checksum, since each site packs the file itself.
# Tried: its Python, against a stand-in for Spack's module (a test runs it); not with Spack.

import os

from spack.package import *


class Larmor(Package):
    """MRI simulator for clusters: Bloch equations for every spin, one MPI reduce."""

    version("0.1.0", expand=False)

    depends_on("c", type="build")
    depends_on("npm", type="build")
    depends_on("node-js@20:", type=("build", "run"))
    depends_on("mpi", type=("build", "link", "run"))

    def url_for_version(self, version):
        return f"file://{os.getcwd()}/larmor-{version}.tgz"

    def setup_build_environment(self, env):
        # Node's headers, and the compiler wrapper with which the install script of the package builds the addon.
        env.set("npm_config_nodedir", self.spec["node-js"].prefix)
        env.set("MPICC", self.spec["mpi"].mpicc)

    def install(self, spec, prefix):
        npm = which("npm", required=True)
        npm("install", "--global", "--offline", f"--prefix={prefix}", self.stage.archive_file)

    @run_after("install")
    @on_package_attributes(run_tests=True)
    def check_install(self):
        larmor = Executable(join_path(self.prefix.bin, "larmor"))
        larmor("list")
