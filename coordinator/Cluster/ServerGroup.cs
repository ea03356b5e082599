using System.Text;
using DistMtl.Aggregation.Tables;
using DistMtl.Data;
using DistMtl.ParameterServers;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Tracing;
using DistMtl.Transport;

namespace DistMtl.Coordinator.Cluster;

/// <summary>All parameter servers of a run, wherever they are.</summary>
internal sealed class ServerGroup
{
    private readonly WorkerFleet _fleet;
    private IReadOnlyList<IParameterServer> _servers = [];

    private ServerGroup(ServerShape shape, IReadOnlyList<LaneMembers> lanes, WorkerFleet fleet, IReadOnlyList<string> addresses) =>
        (Shape, Lanes, _fleet, Addresses) = (shape, lanes, fleet, addresses);

    public ServerShape Shape { get; }

    /// <summary>Who steps together.</summary>
    public IReadOnlyList<LaneMembers> Lanes { get; }

    /// <summary>Where each listens; empty: all are in this process.</summary>
    public IReadOnlyList<string> Addresses { get; }

    /// <summary>Starts them; workers must not have their plan yet.</summary>
    /// <param name="states">What each begins with, and what <see cref="FetchAsync"/> brings up to date.</param>
    /// <param name="version">Updates that the state has seen.</param>
    public static async Task<ServerGroup> StartAsync(
        JobFile job, DataSchema schema, ServerShape shape, IReadOnlyList<ServerState> states, int version, WorkerFleet fleet, CancellationToken cancellation)
    {
        IReadOnlyList<LaneMembers> lanes = job.Training.Mode == TrainingMode.Synchronous
            ? [LaneMembers.All(shape.Shards)]
            : [.. fleet.Placement.Workers.Select(worker => new LaneMembers(worker.Worker, [.. worker.Shards]))];
        if (job.Training.ParameterServers.Placement == ServerPlacement.Coordinator)
        {
            var local = new ServerGroup(shape, lanes, fleet, []);
            local.StartHere(states, version);
            return local;
        }
        // More servers than workers: some workers host several.
        var remote = Enumerable.Range(0, shape.Servers).Select(index => new RemoteServer(shape, index, fleet.All[index % fleet.All.Count], fleet)).ToList();
        fleet.Route(RemoteServer.Kinds, (_, frame, _) =>
        {
            remote[IndexOf(frame, remote.Count)].OnFrame(frame);
            return Task.CompletedTask;
        });
        var (yaml, schemaJson) = (JobFileWriter.Write(job), Encoding.UTF8.GetBytes(schema.ToJson()));
        var addresses = await Task.WhenAll(remote.Select(server => server.HostAsync(yaml, schemaJson, lanes, cancellation)));
        var group = new ServerGroup(shape, lanes, fleet, addresses) { _servers = remote };
        await group.InstallAsync(states, version, cancellation);
        return group;
    }

    /// <summary>Gives all servers another state; nothing is sent to the workers before <see cref="PublishAsync"/>.</summary>
    public async Task InstallAsync(IReadOnlyList<ServerState> states, int version, CancellationToken cancellation)
    {
        if (Addresses.Count == 0)
            StartHere(states, version);
        else
            await Task.WhenAll(_servers.Cast<RemoteServer>().Select((server, index) => server.InstallAsync(states[index], version, cancellation)));
    }

    private void StartHere(IReadOnlyList<ServerState> states, int version)
    {
        var local = Enumerable.Range(0, Shape.Servers).ToDictionary(index => index, index => new ParameterServer(Shape, index, version, states[index], Lanes, _fleet));
        _fleet.Route(LocalServers.Kinds, new LocalServers(Shape, local).OnFrameAsync);
        _servers = [.. local.Values];
    }

    /// <summary>What each server has measured of a lane's step.</summary>
    /// <param name="version">The step's.</param>
    /// <exception cref="JobException">One is not finished in time, and the message says what is missing; or a worker is lost.</exception>
    public async Task<IReadOnlyList<StepReport>> ReportAsync(int lane, int version, TimeSpan deadline, CancellationToken cancellation)
    {
        using var span = TraceSource.Coordinator.Begin("wait for gradients", "parts of steps", version);
        return await InTimeAsync(server => server.ReportAsync(lane, deadline, cancellation), version, deadline);
    }

    /// <summary>Has a lane's workers combine the gradients of table rows that they hold, and waits until these are all here.</summary>
    /// <returns>What each server has measured of them, where the update is clipped.</returns>
    /// <exception cref="JobException">As of <see cref="ReportAsync"/>.</exception>
    public async Task<IReadOnlyList<StepReport>> CombineRowsAsync(int lane, WeightsHeader weights, TimeSpan deadline, CancellationToken cancellation)
    {
        using var span = TraceSource.Coordinator.Begin("wait for rows", "parts of steps", weights.Version);
        await (Lanes[lane].Worker is { } worker
            ? _fleet.SendAsync(worker, FrameKind.Weights, weights, default, cancellation)
            : _fleet.SendAsync(FrameKind.Weights, weights, default, cancellation));
        return await InTimeAsync(server => server.ReportRowsAsync(lane, deadline, cancellation), weights.Version, deadline);
    }

    private async Task<IReadOnlyList<StepReport>> InTimeAsync(Func<IParameterServer, Task<StepReport>> report, int version, TimeSpan deadline)
    {
        try
        {
            var reports = Task.WhenAll(_servers.Select(report));
            using var wait = reports.IsCompleted ? null : _fleet.Wait($"the parameter servers' reports of step {version + 1}", deadline, () => []);
            return await _fleet.UnlessLostAsync(reports);
        }
        catch (LateShardsException e)
        {
            throw _fleet.Late($"step {version + 1}", e.Shards, deadline);
        }
        catch (TimeoutException e)
        {
            throw new JobException($"no answer within {deadline.TotalSeconds:0.#} s: at step {version + 1} (generation {Shape.Generation}) {e.Message}", ExitCode.ClusterLost, e);
        }
    }

    /// <summary>As <see cref="ParameterServer.Rewrite"/>, of the one server.</summary>
    public StepReport Rewrite(Action<float[]> rewrite) => ((ParameterServer)_servers.Single()).Rewrite(rewrite);

    public Task UpdateAsync(UpdateOrder order, CancellationToken cancellation) => ForAll(server => server.UpdateAsync(order, cancellation));

    public Task PublishAsync(int label, CancellationToken cancellation) => ForAll(server => server.PublishAsync(label, cancellation));

    public Task FetchAsync(CancellationToken cancellation) => ForAll(server => server.FetchAsync(cancellation));

    /// <summary>What has become of the rows that changed since this was asked for last, as far as <see cref="FetchAsync"/> has brought it; table by table.</summary>
    public IReadOnlyList<TableRows> TakeTableChanges()
    {
        var byServer = _servers.Select(server => server.TakeTableChanges()).ToList();
        return [.. Shape.Tables.Tables.Select((_, table) => TableRows.Join([.. byServer.Select(tables => tables[table])]))];
    }

    private Task ForAll(Func<IParameterServer, Task> what) => Task.WhenAll(_servers.Select(what));

    private static int IndexOf(Frame frame, int count)
    {
        var index = frame.Kind switch
        {
            FrameKind.Hosting => frame.Header<HostingHeader>().Server,
            FrameKind.Report => frame.Header<ReportHeader>().Server,
            FrameKind.TableRows => frame.Header<TableRowsHeader>().Server,
            FrameKind.State => frame.Header<StateHeader>().Server,
            _ => frame.Header<StateEndHeader>().Server,
        };
        return index >= 0 && index < count ? index : throw new FrameException($"a {frame.Kind} frame of parameter server {index}, of which there is none");
    }
}
