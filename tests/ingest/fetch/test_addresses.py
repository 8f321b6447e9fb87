"""Which addresses and ports may be reached."""

from __future__ import annotations

import ipaddress

import pytest

from ingest.fetch.addresses import refused, refused_port

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "192.0.1.1", "172.32.0.1", "::ffff:8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1"],
)
def test_public_addresses_may_be_reached(address: str):
    assert refused(ipaddress.ip_address(address), ()) is None


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("0.0.0.0", "this host"),
        ("0.1.2.3", "this host"),
        ("10.1.2.3", "private"),
        ("100.100.100.200", "shared"),
        ("127.255.0.1", "loopback"),
        ("168.63.129.16", "metadata"),
        ("169.254.169.254", "link-local"),
        ("172.31.255.255", "private"),
        ("192.168.1.1", "private"),
        ("198.19.0.1", "benchmarking"),
        ("224.0.0.1", "multicast"),
        ("255.255.255.255", "reserved"),
        ("::", "this host"),
        ("::1", "loopback"),
        ("::127.0.0.1", "loopback"),
        ("::8.8.8.8", "no global unicast"),
        ("::ffff:10.0.0.1", "private"),
        ("64:ff9b::7f00:1", "loopback"),
        ("64:ff9b:1::1", "no global unicast"),
        ("2002:7f00:1::", "loopback"),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", "loopback"),  # Teredo: the client is 127.0.0.1, with its bits turned
        ("2001:db8::1", "documentation"),
        ("fc00::1", "private"),
        ("fd00:ec2::254", "private"),
        ("fe80::1%eth0", "link-local"),
        ("ff02::1", "multicast"),
    ],
)
def test_other_addresses_may_not(address: str, reason: str):
    assert reason in str(refused(ipaddress.ip_address(address), ()))


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"])
def test_an_allowed_network_may_be_reached_in_any_spelling(address: str):
    assert refused(ipaddress.ip_address(address), LOOPBACK) is None


def test_an_allowed_network_allows_no_other():
    assert refused(ipaddress.ip_address("10.0.0.1"), LOOPBACK) is not None


def test_only_ports_of_the_web_may_be_reached():
    ip = ipaddress.ip_address("8.8.8.8")

    assert [port for port in range(1, 65_536) if refused_port(port, ip, LOOPBACK) is None] == [80, 443, 8080, 8443]


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1"])
def test_within_an_allowed_network_any_port_may(address: str):
    assert refused_port(22, ipaddress.ip_address(address), LOOPBACK) is None
