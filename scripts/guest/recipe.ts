/** What the guest's disk is made of. Whatever is changed here makes a new image; the old one is removed then. */
import { createHash } from "node:crypto";

/** Where the checkout lies in the guest; written to freely, nothing of it comes back. */
export const guestRepository = "/repo";

/** Ports of virtio-serial: the agent's talk, and what a command prints. */
export const guestPorts = {
  agent: "org.qemu.guest_agent.0",
  out: "playspawn.out",
  err: "playspawn.err",
} as const;

/** Tag of the checkout's 9p share. */
export const shareTag = "repo";

const packages = [
  // By name, since debootstrap knows nothing of packages that only provide one: libpam-systemd is polkit's logind.
  [
    "systemd",
    "systemd-sysv",
    "libpam-systemd",
    "dbus",
    "udev",
    "kmod",
    "procps",
    "ca-certificates",
    "qemu-guest-agent",
  ],
  ["linux-image-amd64", "initramfs-tools", "apparmor", "docker.io"],
  ["iproute2", "iptables", "nftables", "conntrack", "ufw", "firewalld", "busybox-static", "strace"],
].flat();

/** The checkout is read from outside, and what is written to it goes to the guest's own disk. */
const repositoryUnit = `[Unit]
Description=The checkout of the machine outside
DefaultDependencies=no
After=local-fs.target systemd-modules-load.service
Before=qemu-guest-agent.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/mkdir -p /run/repo /var/lib/repo/upper /var/lib/repo/work ${guestRepository}
ExecStart=/bin/mount -t 9p -o trans=virtio,ro,version=9p2000.L,msize=512000,cache=loose ${shareTag} /run/repo
ExecStart=/bin/mount -t overlay -o lowerdir=/run/repo,upperdir=/var/lib/repo/upper,workdir=/var/lib/repo/work overlay ${guestRepository}

[Install]
WantedBy=multi-user.target
`;

export const recipe = {
  packages,
  files: {
    "etc/fstab": "/dev/vda / ext4 noatime 0 1\n",
    "etc/hostname": "playspawn-vm\n",
    "etc/hosts": "127.0.0.1 localhost playspawn-vm\n",
    // qemu's own resolver, in its user network.
    "etc/resolv.conf": "nameserver 10.0.2.3\n",
    "etc/systemd/network/10-user.network": "[Match]\nName=en*\n[Network]\nDHCP=ipv4\n",
    "etc/modules-load.d/playspawn.conf": "9pnet_virtio\n9p\noverlay\n",
    "etc/systemd/system/playspawn-repository.service": repositoryUnit,
  },
  enable: ["systemd-networkd", "playspawn-repository"],
  /** Tests start what they are about; nothing else may take the processor's time. */
  disable: ["firewalld", "ufw", "docker.service", "docker.socket", "containerd"],
  mask: [
    ["apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer", "fstrim.timer"],
    ["systemd-networkd-wait-online.service", "getty@tty1.service", "serial-getty@ttyS0.service"],
  ].flat(),
  diskBytes: 8 * 1024 ** 3,
};

/** Of the image made from this recipe. */
export const recipeName = (): string => createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 12);
