#!/usr/bin/env bash
# A small SLURM on one machine, for tests: a controller and two virtual nodes n1 and n2, each with
# four CPUs and two fake GPUs. Once SLURM_CONF points to it, jobs are submitted with the usual
# commands, from anywhere on this machine:
#
#   eval "$(slurm/testbed.sh up DIR)"       start it, with everything it writes in DIR; prints `export SLURM_CONF=…`
#   slurm/testbed.sh kill-node DIR n2       a node dies, with all that runs on it
#   slurm/testbed.sh down DIR               stop it, kill what still runs on it, remove DIR
#   slurm/testbed.sh check                  whether it could be started here, and if not, why
#
# All daemons and jobs are in one PID namespace, so that the kernel ends all of them, in any state,
# when its first process is killed. Each node has its own host name (UTS namespace), because Open
# MPI crashes if two nodes have the same. A node has no PID namespace of its own: UCX takes equal
# process ids on two nodes of one machine for one process, and MPICH's ranks then deadlock.
set -euo pipefail

die() {
  echo "testbed: $*" >&2
  exit 1
}

# A network name is not a path: everything is found by its absolute one.
self=$(realpath "$0")
verb=${1:-}
usage='usage: testbed.sh up DIR | kill-node DIR NODE | down DIR | check'
[ $# -ge 2 ] || [ "$verb" = check ] || die "$usage"
dir=$(realpath -m "${2:-.}")

# Processes of this testbed with the given name: its directory stands in their command line, so no record of process ids can go stale.
daemons() {
  local name=$1 last=$2 file words=()
  for file in /proc/[0-9]*/cmdline; do
    mapfile -d '' -t words 2>/dev/null <"$file" || continue
    [ ${#words[@]} -gt 0 ] && [ "${words[0]##*/}" = "$name" ] && [ "${words[-2]:-} ${words[-1]}" = "$last" ] || continue
    file=${file%/cmdline}
    echo "${file##*/}"
  done
}

# The version of SLURM decides how to say that no cgroup is wanted: the nodes share one machine's, and often may not change it. Up to 23.02 a
# plugin is loaded all the same; naming v1 keeps slurmd from looking for a v2 hierarchy that it could not use.
cgroup_conf() {
  local version
  version=$(slurmd -V | sed 's/[^0-9]*\([0-9]*\)\.\([0-9]*\).*/\1\2/')
  if [ "$version" -ge 2311 ]; then echo 'CgroupPlugin=disabled'; else echo 'CgroupPlugin=cgroup/v1'; fi
}

write_configuration() {
  local ports
  ports=$(node -e '
    const open = [0, 0, 0].map(() => require("net").createServer().listen(0, "127.0.0.1"));
    setImmediate(() => { console.log(...open.map((s) => s.address().port)); open.forEach((s) => s.close()); });')
  read -r control first second <<<"$ports"

  mkdir -p "$dir"
  touch "$dir/testbed"
  mkdir -p "$dir"/{state,spool,log,munge,dev/n1,dev/n2,tmp/n1,tmp/n2}
  chmod 700 "$dir/munge"
  chmod 755 "$dir"
  head -c 1024 /dev/urandom >"$dir/munge/key"
  chmod 400 "$dir/munge/key"
  # Stand-ins that open like a device and do nothing: the null device under other names.
  for node in n1 n2; do for gpu in 0 1; do mknod -m 666 "$dir/dev/$node/gpu$gpu" c 1 3; done; done

  cgroup_conf >"$dir/cgroup.conf"
  cat >"$dir/gres.conf" <<GRES
NodeName=n1 Name=gpu File=$dir/dev/n1/gpu[0-1]
NodeName=n2 Name=gpu File=$dir/dev/n2/gpu[0-1]
GRES
  { cat /etc/hosts; echo '127.0.0.1 n1 n2'; } >"$dir/hosts"
  cat >"$dir/slurm.conf" <<CONF
ClusterName=testbed
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmctldPort=$control
SlurmUser=root
StateSaveLocation=$dir/state
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd-%n.pid
SlurmdSpoolDir=$dir/spool/%n
# One directory per node: PMIx keeps its sockets there, and fails on the second node if they meet.
TmpFS=$dir/tmp/%n
AuthType=auth/munge
# Also how long a requeued job waits before it may start again (120 s unless told otherwise).
AuthInfo=socket=$dir/munge/socket,cred_expire=10
CryptoType=crypto/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_interval=2
JobRequeue=1
KillWait=5
SlurmdTimeout=15
SlurmctldTimeout=15
ReturnToService=2
MinJobAge=3600
PropagateResourceLimits=NONE
# The nodes are said to have more than this machine has, so that jobs of several sizes fit.
SlurmdParameters=config_overrides
GresTypes=gpu
NodeName=n1 NodeHostname=n1 NodeAddr=127.0.0.1 Port=$first Sockets=1 CoresPerSocket=4 ThreadsPerCore=1 RealMemory=4000 Gres=gpu:2
NodeName=n2 NodeHostname=n2 NodeAddr=127.0.0.1 Port=$second Sockets=1 CoresPerSocket=4 ThreadsPerCore=1 RealMemory=4000 Gres=gpu:2
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
CONF
}

check() {
  [ "$(id -u)" = 0 ] || die "needs root: it makes namespaces and device nodes"
  local missing=()
  for program in munged slurmctld slurmd srun unshare node; do command -v $program >/dev/null || missing+=("$program"); done
  [ ${#missing[@]} = 0 ] || die "missing ${missing[*]} (Debian: apt-get install slurm-wlm munge util-linux)"
  unshare --pid --uts --fork --mount-proc true 2>/dev/null ||
    die "this machine lets root make no PID or UTS namespace (in a container: run it --privileged)"
}

start() {
  check
  # `down` removes the directory, so it may hold nothing else.
  [ ! -e "$dir" ] || [ -z "$(ls -A "$dir")" ] || die "$dir is not empty (a testbed that runs there: take it down first)"

  write_configuration
  setsid unshare --pid --fork --kill-child --mount-proc "$self" inside "$dir" </dev/null >"$dir/log/testbed" 2>&1 &
  export SLURM_CONF=$dir/slurm.conf
  for _ in $(seq 150); do
    if [ "$(sinfo -h -N -t idle -o %N 2>/dev/null | sort -u | tr '\n' ' ')" = 'n1 n2 ' ]; then
      echo "export SLURM_CONF=$SLURM_CONF"
      return
    fi
    sleep 0.2
  done
  tail -n 20 "$dir"/log/* >&2
  stop
  die "the nodes did not come up within 30 s; their logs stand above"
}

# The first process of the PID namespace: starts the daemons and stays, as parent of whatever loses its own.
run_all() {
  export SLURM_CONF=$dir/slurm.conf
  munged --foreground --force --key-file="$dir/munge/key" --socket="$dir/munge/socket" --pid-file="$dir/munge/pid" \
    --seed-file="$dir/munge/seed" --log-file="$dir/log/munged" &
  for _ in $(seq 100); do [ -S "$dir/munge/socket" ] && break || sleep 0.05; done
  slurmctld -D -c -L "$dir/log/slurmctld" -f "$SLURM_CONF" &
  for node in n1 n2; do
    unshare --uts --mount "$self" node "$dir" $node &
  done
  wait
}

run_node() {
  hostname "$1"
  mount --bind "$dir/hosts" /etc/hosts
  export SLURM_CONF=$dir/slurm.conf
  exec slurmd -D -N "$1" -L "$dir/log/slurmd-$1" -f "$SLURM_CONF"
}

# Commands that wait for this testbed would wait for ever: they stand outside of its namespace and try again until it answers.
clients() {
  local file
  for file in /proc/[0-9]*; do
    case $(cat "$file/comm" 2>/dev/null) in srun | sbatch | salloc | scontrol | squeue | sinfo) ;; *) continue ;; esac
    grep -qzx "SLURM_CONF=$dir/slurm.conf" "$file/environ" 2>/dev/null && echo "${file##*/}"
  done
  return 0
}

stop() {
  local pid
  [ -e "$dir/testbed" ] || die "no testbed in $dir"
  for pid in $(daemons unshare "inside $dir"); do
    kill -KILL "$pid" 2>/dev/null || true
    for _ in $(seq 100); do [ -d "/proc/$pid" ] && sleep 0.05 || break; done
  done
  for pid in $(clients); do kill -KILL "$pid" 2>/dev/null || true; done
  # The kernel reaps the namespace within moments; a directory in use by a dying process would not go.
  for _ in $(seq 50); do rm -rf "$dir" 2>/dev/null && return || sleep 0.1; done
  die "$dir cannot be removed"
}

# Everything that runs on a node has its host name, that is its UTS namespace, whoever its parent is.
kill_node() {
  local slurmd namespace process
  slurmd=$(daemons slurmd "-f $dir/slurm.conf" | while read -r pid; do grep -qz "^$1$" "/proc/$pid/cmdline" && echo "$pid"; done)
  [ -n "$slurmd" ] || die "no node $1 runs in $dir"
  namespace=$(readlink "/proc/$slurmd/ns/uts")
  for process in /proc/[0-9]*; do
    [ "$(readlink "$process/ns/uts" 2>/dev/null)" != "$namespace" ] || kill -KILL "${process##*/}" 2>/dev/null || true
  done
}

case $verb in
  up) start ;;
  inside) run_all ;;
  node) run_node "$3" ;;
  kill-node) kill_node "${3:?which node}" ;;
  down) stop ;;
  check) check ;;
  *) die "$usage" ;;
esac
