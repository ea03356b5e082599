using Akka.Actor;
using DistMtl.Protocol.Messages;

namespace DistMtl.Benchmarks.Stubs;

/// <summary>A data shard that says it lives on a worker of its own, so that one process stands for as many workers as the job has shards.</summary>
internal sealed class StubShardActor : ReceiveActor
{
    private Task? _worker;

    public StubShardActor()
    {
        Receive<StartShard>(start =>
        {
            var name = $"stub-{start.Shard.Index}";
            _worker ??= RunAsync(name, start);
            Sender.Tell(new ShardHosted(start.Shard, start.Generation, name));
        });
        Receive<StopShard>(_ => Context.Stop(Self));
    }

    private static async Task RunAsync(string name, StartShard start)
    {
        try
        {
            await StubWorker.RunAsync(name, start);
        }
        catch (IOException e)
        {
            // The coordinator that still wants it misses its connection and says so.
            await Console.Error.WriteLineAsync($"{name}: {e.Message}");
        }
    }
}
