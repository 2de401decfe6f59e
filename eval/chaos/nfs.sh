#!/bin/bash
# The first program of a user-mode Linux, whose root is that of this machine, read-only: serves a disk by NFS
# 4.2, mounts it once for each of two machines, a network and a client of its own each, and runs COMMAND there.
# Wanted: OUT, a folder of this machine to write to; the disk at ubda; COMMAND's words in OUT/command.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/tmp
mount -t proc proc /proc && mount -t sysfs sysfs /sys
for place in /tmp /run /var/lib/nfs /mnt; do mount -t tmpfs tmpfs $place; done
mkdir -p /dev/pts /dev/shm /mnt/{served,here,there,out} /tmp/kernel/lib
mount -t devpts devpts /dev/pts && mount -t tmpfs tmpfs /dev/shm && chmod 1777 /tmp /dev/shm
mount -t hostfs -o "$OUT" out /mnt/out && exec >/mnt/out/log 2>&1
ln -s /usr/lib/uml/modules /tmp/kernel/lib/modules
for module in nfsd nfsv4 veth; do modprobe -d /tmp/kernel $module; done
mkdir -p /var/lib/nfs/{rpc_pipefs,v4recovery} && touch /var/lib/nfs/{etab,rmtab}
mount -t rpc_pipefs rpc_pipefs /var/lib/nfs/rpc_pipefs && mount -t nfsd nfsd /proc/fs/nfsd
mount -t ext4 /dev/ubda /mnt/served && mkdir -p /mnt/served/shared
ip link set lo up
rpc.mountd --no-nfs-version 3
exportfs -i -o rw,no_root_squash,fsid=0,no_subtree_check '10.9.0.0/16:/mnt/served'
rpc.nfsd -N 3 4
number=0
for machine in here there; do
  number=$((number + 1))
  ip netns add $machine && ip link add to$number type veth peer name eth0 netns $machine
  ip addr add 10.9.$number.1/24 dev to$number && ip link set to$number up
  ip -n $machine addr add 10.9.$number.2/24 dev eth0 && ip -n $machine link set eth0 up
  # Of two clients with one name the server would take the second for the first, started anew.
  nsenter --net=/run/netns/$machine unshare --uts bash -c \
    "hostname $machine && mount -t nfs4 -o vers=4.2,hard 10.9.$number.1:/shared /mnt/$machine"
done
grep nfs4 /proc/mounts
cd /tmp && bash /mnt/out/command
echo $? > /mnt/out/code
sync
poweroff -f
