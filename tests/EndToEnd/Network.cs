using System.Diagnostics;
using System.Globalization;

namespace DistMtl.EndToEnd.Tests;

/// <summary>
/// A network of hosts on this machine (Linux network namespaces, each with an interface at a switch), which can be split in two,
/// cut in one direction, and healed. It goes with the test.
/// </summary>
internal sealed class Network : IDisposable
{
    private static int s_count;

    private readonly string _name = string.Create(CultureInfo.InvariantCulture, $"dm{Environment.ProcessId % 10_000}-{Interlocked.Increment(ref s_count)}");
    private readonly int _hosts;

    private Network(int hosts) => _hosts = hosts;

    private string Switch => $"{_name}-s";

    /// <summary>Skips the test where this process may make no network.</summary>
    public static Network Start(int hosts)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && File.Exists("/usr/sbin/ip"), "makes network namespaces: needs root and the package iproute2");
        var network = new Network(hosts);
        Ip("netns", "add", network.Switch);
        network.InSwitch("ip", "link", "add", "whole", "type", "bridge");
        network.InSwitch("ip", "link", "add", "part", "type", "bridge");
        network.InSwitch("ip", "link", "set", "whole", "up");
        network.InSwitch("ip", "link", "set", "part", "up");
        for (var host = 0; host < hosts; host++)
        {
            Ip("netns", "add", network.NameOf(host));
            network.InSwitch("ip", "link", "add", $"port{host}", "type", "veth", "peer", "name", "eth0", "netns", network.NameOf(host));
            network.InSwitch("ip", "link", "set", $"port{host}", "master", "whole", "up");
            network.On(host, "ip", "address", "add", $"{AddressOf(host)}/24", "dev", "eth0");
            network.On(host, "ip", "link", "set", "eth0", "up");
            network.On(host, "ip", "link", "set", "lo", "up");
        }
        return network;
    }

    public static string AddressOf(int host) => string.Create(CultureInfo.InvariantCulture, $"10.77.0.{host + 1}");

    /// <summary>What runs a program on a host: it comes before the program's path.</summary>
    public string[] Prefix(int host) => ["ip", "netns", "exec", NameOf(host)];

    /// <summary>These hosts reach each other, and none of the rest.</summary>
    public void Split(params int[] hosts)
    {
        foreach (var host in hosts)
            InSwitch("ip", "link", "set", $"port{host}", "master", "part");
    }

    /// <summary>All reach all.</summary>
    public void Heal()
    {
        for (var host = 0; host < _hosts; host++)
            InSwitch("ip", "link", "set", $"port{host}", "master", "whole");
    }

    /// <summary>What one host sends to another is lost, not what it gets from there.</summary>
    public void Mute(int host, int to) => On(host, "ip", "route", "add", "blackhole", $"{AddressOf(to)}/32");

    public void Dispose()
    {
        for (var host = 0; host < _hosts; host++)
            Ip("netns", "delete", NameOf(host));
        Ip("netns", "delete", Switch);
    }

    private string NameOf(int host) => string.Create(CultureInfo.InvariantCulture, $"{_name}-{host}");

    private void InSwitch(params string[] command) => Ip(["netns", "exec", Switch, .. command]);

    private void On(int host, params string[] command) => Ip(["netns", "exec", NameOf(host), .. command]);

    private static void Ip(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("/usr/sbin/ip", arguments))!;
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"ip {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}
