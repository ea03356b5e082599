using System.Runtime.InteropServices;
using Akka;
using Akka.Actor;
using Akka.Cluster;
using Akka.Hosting;
using DistMtl.Clustering;
using DistMtl.Protocol;
using DistMtl.Protocol.Faults;
using DistMtl.Transport;
using DistMtl.Worker.Jobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DistMtl.Worker;

/// <summary>One worker from start to end: joins the cluster, hosts data shards, hands them over and leaves; joins again when it was put out.</summary>
internal static class WorkerProcess
{
    private static readonly TimeSpan LeaveDeadline = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan RehearsalDeadline = TimeSpan.FromSeconds(30);

    /// <summary>For the step that is being computed, and the others to form up. Kubernetes gives a pod 30 s.</summary>
    private static readonly TimeSpan HandOverDeadline = TimeSpan.FromSeconds(20);

    /// <param name="joinDeadline">A worker that no coordinator lets in by then gives up, with an error that says so.</param>
    public static async Task<ExitCode> RunAsync(NodeSettings settings, TransportSettings transport, TimeSpan joinDeadline, bool exitWithParent)
    {
        _ = FaultPlan.Own;
        using var asked = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => EndOn(signal, asked));
        // In a terminal Ctrl-C reaches the coordinator's own workers, too; they end when it does.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => EndOn(signal, exitWithParent ? null : asked));
        if (exitWithParent)
            EndWithStandardInput();
        var warm = Task.Run(Rehearsal.Run);
        while (await LiveAsync(settings, transport, joinDeadline, warm, asked.Token))
            Warn("the cluster let this worker go (it was silent, its connection was lost, or its coordinator ended); it joins again");
        return ExitCode.Success;
    }

    /// <summary>One membership: a node that was put out of the cluster can come back only as a new one.</summary>
    /// <returns>Whether the cluster ended it; false: whoever cancelled did.</returns>
    private static async Task<bool> LiveAsync(NodeSettings settings, TransportSettings transport, TimeSpan joinDeadline, Task warm, CancellationToken asked)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Error);
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        IActorRef worker = ActorRefs.Nobody;
        builder.Services.AddAkka(NodeSettings.SystemName, akka => akka
            .AddLog(from: Akka.Event.LogLevel.ErrorLevel)
            .AddNode(settings)
            .WithActors((system, registry) =>
            {
                worker = system.ActorOf(Props.Create(() => new WorkerActor(settings.Join, transport, Warn)), "worker");
                system.ActorOf(Props.Create(() => new NodeWatch()), "node-watch");
            }));
        using var host = builder.Build();
        await host.StartAsync(asked);
        var system = host.Services.GetRequiredService<ActorSystem>();
        var cluster = Cluster.Get(system);
        var joined = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.RegisterOnMemberUp(joined.SetResult);
        if (await Task.WhenAny(joined.Task, system.WhenTerminated, Task.Delay(joinDeadline, asked)) != joined.Task)
        {
            if (asked.IsCancellationRequested)
                return false;
            throw new JobException($"no coordinator at {string.Join(" or ", settings.Join)} let this worker in within {joinDeadline.TotalSeconds:0} s", ExitCode.ClusterLost);
        }
        // One that takes longer than that is of no more use.
        if (await Task.WhenAny(warm, Task.Delay(RehearsalDeadline, asked)) == warm)
            await warm;
        // From now on shards may come.
        try
        {
            ShardRegions.StartRegion(system, _ => Props.Create(() => new DataShardActor(worker)));
        }
        catch (InvalidOperationException) when (Membership.IsOver(system))
        {
            return !asked.IsCancellationRequested;
        }
        await Task.WhenAny(Task.Delay(Timeout.Infinite, asked), system.WhenTerminated);
        if (!asked.IsCancellationRequested)
            return true;
        // Who can't say goodbye in time goes all the same; the cluster then finds out by itself.
        var handingOver = worker.Ask<Done>(WorkerActor.HandOver.Instance, HandOverDeadline, CancellationToken.None);
        await Task.WhenAny(handingOver, system.WhenTerminated);
        var leaving = CoordinatedShutdown.Get(system).Run(CoordinatedShutdown.ClrExitReason.Instance).WaitAsync(LeaveDeadline, CancellationToken.None);
        await ((Task)leaving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return false;
    }

    private static void Warn(string warning) => Console.Error.WriteLine($"warning: {warning}");

    private static void EndOn(PosixSignalContext signal, CancellationTokenSource? asked)
    {
        signal.Cancel = true;
        asked?.Cancel();
    }

    /// <summary>
    /// The parent holds the other end of this pipe. When it dies, however it dies, the kernel closes it; nothing else
    /// would tell a worker whose coordinator was killed.
    /// </summary>
    private static void EndWithStandardInput()
    {
        var watcher = new Thread(() =>
        {
            using var input = Console.OpenStandardInput();
            while (input.ReadByte() >= 0)
            {
                // Nothing is ever said here.
            }
            Environment.Exit((int)ExitCode.Success);
        })
        {
            IsBackground = true,
            Name = "parent watcher",
        };
        watcher.Start();
    }
}
