using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Event;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DistMtl.Clustering.Tests;

public sealed class ClusterLoggerTests
{
    [Fact]
    public async Task Errors_of_Akka_reach_the_log_but_not_that_a_connection_to_another_node_has_ended()
    {
        var log = new Recorder(until: "a real error");
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddProvider(log);
        builder.Services.AddAkka(NodeSettings.SystemName, akka => akka
            .AddLog(from: Akka.Event.LogLevel.ErrorLevel)
            .AddNode(new NodeSettings(Roles.Worker, "127.0.0.1", 0, [])));
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        var events = host.Services.GetRequiredService<ActorSystem>().EventStream;
        var ended = (Exception)Activator.CreateInstance(typeof(Akka.Remote.RemoteSettings).Assembly.GetType("Akka.Remote.EndpointDisassociatedException", throwOnError: true)!, "Disassociated")!;

        events.Publish(new Warning("here", typeof(ClusterLoggerTests), "less than an error"));
        events.Publish(new Error(ended, "here", typeof(ClusterLoggerTests), ended.Message));
        events.Publish(new Error(new InvalidOperationException(), "here", typeof(ClusterLoggerTests), "a real error"));

        await log.Complete.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Contains("a real error", Assert.Single(log.Lines), StringComparison.Ordinal);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    private sealed class Recorder(string until) : ILoggerProvider, ILogger
    {
        private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ConcurrentQueue<string> Lines { get; } = [];

        public Task Complete => _complete.Task;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(Microsoft.Extensions.Logging.LogLevel logLevel) => true;

        public void Log<TState>(Microsoft.Extensions.Logging.LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel < Microsoft.Extensions.Logging.LogLevel.Warning)
                return;
            var line = formatter(state, exception);
            Lines.Enqueue(line);
            if (line.Contains(until, StringComparison.Ordinal))
                _complete.TrySetResult();
        }

        public void Dispose()
        {
        }
    }
}
