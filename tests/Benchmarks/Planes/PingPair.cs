using System.Diagnostics;
using Akka.Actor;
using Akka.Configuration;

namespace DistMtl.Benchmarks.Planes;

/// <summary>Two actor systems that know each other over Akka's own connection, and a ping between them.</summary>
internal sealed class PingPair : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private static readonly Config s_config = ConfigurationFactory.ParseString(
        """
        akka {
          actor.provider = remote
          remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 }
          loglevel = WARNING
          stdout-loglevel = WARNING
        }
        """);

    private readonly ActorSystem _near = ActorSystem.Create("near", s_config);
    private readonly ActorSystem _far = ActorSystem.Create("far", s_config);
    private IActorRef _echo = ActorRefs.Nobody;

    private PingPair()
    {
    }

    public static async Task<PingPair> StartAsync()
    {
        var pair = new PingPair();
        pair._far.ActorOf(Props.Create(() => new EchoActor()), "echo");
        var address = ((ExtendedActorSystem)pair._far).Provider.DefaultAddress;
        pair._echo = await pair._near.ActorSelection(new RootActorPath(address) / "user" / "echo").ResolveOne(Deadline);
        return pair;
    }

    /// <returns>Milliseconds of each of so many pings, one after another.</returns>
    public async Task<IReadOnlyList<double>> MeasureAsync(int pings, CancellationToken cancellation)
    {
        var milliseconds = new List<double>();
        for (var i = 0; i < pings; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await _echo.Ask<string>("ping", Deadline, cancellation);
            milliseconds.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        return milliseconds;
    }

    public void Dispose() => Task.WaitAll([_near.Terminate(), _far.Terminate()], Deadline);

    private sealed class EchoActor : ReceiveActor
    {
        public EchoActor() => ReceiveAny(message => Sender.Tell(message));
    }
}
