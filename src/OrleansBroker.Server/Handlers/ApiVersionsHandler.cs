using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Server.Dispatch;

namespace OrleansBroker.Server.Handlers;

/// <summary>Says which APIs and versions are served, and takes note of what the client is (KIP-511).</summary>
internal sealed class ApiVersionsHandler : IHandler<ApiVersionsRequest, ApiVersionsResponse>
{
    private static readonly ApiVersionsResponse.ApiVersion[] Table =
    [
        .. ApiTable.Served
            .OrderBy(served => served.Api.Key)
            .Select(served => new ApiVersionsResponse.ApiVersion
            {
                ApiKey = (short)served.Api.Key,
                MinVersion = Math.Min(served.VersionMin, served.Api.AdvertisedMin),
                MaxVersion = served.VersionMax,
            }),
    ];

    private static readonly ApiVersionsResponse Supported = new() { ApiKeys = Table };

    /// <summary>The answer, in version 0, to a version that is not served: the client chooses another from the table.</summary>
    public static ApiVersionsResponse UnsupportedVersion() => new() { ErrorCode = ErrorCode.UnsupportedVersion, ApiKeys = Table };

    public ValueTask<ApiVersionsResponse> HandleAsync(ApiVersionsRequest request, RequestContext context)
    {
        if (context.ApiVersion >= 3)
        {
            if (!IsName(request.ClientSoftwareName) || !IsName(request.ClientSoftwareVersion))
            {
                return new ValueTask<ApiVersionsResponse>(new ApiVersionsResponse { ErrorCode = ErrorCode.InvalidRequest });
            }

            context.ClientSoftware = $"{request.ClientSoftwareName} {request.ClientSoftwareVersion}";
        }

        return new ValueTask<ApiVersionsResponse>(Supported);
    }

    /// <summary>Letters and digits, with dots and dashes between them.</summary>
    private static bool IsName(string text) =>
        text.Length > 0 && char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1])
        && text.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '-');
}
