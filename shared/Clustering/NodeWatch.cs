using System.Net.Sockets;
using Akka.Actor;
using Akka.Cluster;
using Akka.Remote;

namespace DistMtl.Clustering;

/// <summary>
/// Notices at once that the process of a node is gone, where membership would take ten seconds or, with two coordinators, could not
/// tell it from a partition: its connection has ended, and its machine refuses another one at its port. (A machine that is gone
/// or cut off refuses nothing; that is for the split-brain resolver.) A coordinator then puts it out of the cluster: a worker, too,
/// for the cluster agrees on nothing while a member is silent. Where no coordinator is left, a worker leaves what there is of the
/// cluster, to look for the next one.
/// </summary>
public sealed class NodeWatch : ReceiveActor
{
    private static readonly TimeSpan ProbeDeadline = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan ProbePause = TimeSpan.FromMilliseconds(500);

    /// <summary>On a busy machine a process that was killed holds its port for a while.</summary>
    private const int Probes = 10;

    private readonly Cluster _cluster = Cluster.Get(Context.System);

    public NodeWatch()
    {
        Receive<DisassociatedEvent>(e => Probe(e.RemoteAddress, Probes), e => MemberAt(e.RemoteAddress) is not null);
        Receive<Taken>(taken => Probe(taken.Node, taken.Left), taken => MemberAt(taken.Node) is not null);
        Receive<Refused>(refused => Lose(refused.Node));
    }

    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(DisassociatedEvent));

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    private Member? MemberAt(Address address) =>
        _cluster.State.Members.FirstOrDefault(member => member.Address == address && member.UniqueAddress != _cluster.SelfUniqueAddress);

    private void Probe(Address node, int left) => ProbeAsync(node, left).PipeTo(Self);

    private static async Task<object> ProbeAsync(Address node, int left)
    {
        if (left < Probes)
            await Task.Delay(ProbePause);
        return await IsRefusedAsync(node) ? new Refused(node) : left > 1 ? new Taken(node, left - 1) : Status.Success.Instance;
    }

    private static async Task<bool> IsRefusedAsync(Address address)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var deadline = new CancellationTokenSource(ProbeDeadline);
        try
        {
            await socket.ConnectAsync(address.Host!, address.Port!.Value, deadline.Token);
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void Lose(Address node)
    {
        if (MemberAt(node) is not { } lost)
            return;
        if (_cluster.SelfRoles.Contains(Roles.Coordinator))
            Membership.PutOut(Context.System, lost);
        else if (!_cluster.State.Members.Any(member => member.HasRole(Roles.Coordinator) && member.Address != node))
            CoordinatedShutdown.Get(Context.System).Run(CoordinatedShutdown.ClusterDowningReason.Instance);
    }

    private sealed record Refused(Address Node);

    /// <summary>There may still be someone: to be asked so many times more.</summary>
    private sealed record Taken(Address Node, int Left);
}
