namespace DistMtl.ParameterServers;

/// <summary>A parameter server as the coordinator sees it: in its own process, or on a worker.</summary>
public interface IParameterServer
{
    /// <summary>Waits for all gradients of the step and measures them.</summary>
    /// <exception cref="TimeoutException">They are not all there; the message says what is missing.</exception>
    /// <exception cref="Protocol.JobException">A worker is lost.</exception>
    Task<StepReport> ReportAsync(TimeSpan deadline, CancellationToken cancellation);

    /// <summary>Makes the update of the step that was reported; what is new is sent to the workers.</summary>
    Task UpdateAsync(UpdateOrder order, CancellationToken cancellation);

    /// <summary>Sends what there is to all workers: before the first step.</summary>
    Task PublishAsync(CancellationToken cancellation);

    /// <summary>Brings the coordinator's copy of what the server keeps up to date.</summary>
    Task FetchAsync(CancellationToken cancellation);
}
