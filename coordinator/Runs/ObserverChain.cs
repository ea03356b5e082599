using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Runs;

/// <summary>Hands every event to several observers, in their order, and owns them.</summary>
internal sealed class ObserverChain(params IReadOnlyList<IRunObserver> observers) : IRunObserver, IAsyncDisposable
{
    private readonly Lock _gate = new();

    /// <summary>From any thread: the steps' and that of who looks after long waits.</summary>
    public void On(RunEvent e)
    {
        lock (_gate)
        {
            foreach (var observer in observers)
                observer.On(e);
        }
    }

    /// <summary>Disposes the observers in reverse order; a failure of one does not keep another from closing its file.</summary>
    public async ValueTask DisposeAsync()
    {
        List<Exception> failures = [];
        foreach (var observer in observers.Reverse())
        {
            try
            {
                await DisposeOne(observer);
            }
            catch (Exception failure)
            {
                failures.Add(failure);
            }
        }
        if (failures.Count > 0)
            throw new AggregateException("an observer of the run failed while closing", failures);
    }

    private static async ValueTask DisposeOne(IRunObserver observer)
    {
        if (observer is IAsyncDisposable asynchronous)
            await asynchronous.DisposeAsync();
        else
            (observer as IDisposable)?.Dispose();
    }
}
